// Why each error is answered and what to do, in plain words, Chinese and English.

/** By code, or by status and code where one code has two causes. @type {Record<string, readonly [string, string]>} */
const REASONS = {
  'InvalidAction.NotFound': [
    '服务器上没有这个地址，或者这个地址不接受这种请求方法。请核对路径的拼写和 GET、POST 等方法。',
    'The server has no such path, or the path does not take this method. Check the spelling and the method.',
  ],
  'AuthenticationFailed.MissingParameter': [
    '请求里没有 token。先用 AppKey 和 AppSecret 换取 token，再放进请求头 x-acs-dingtalk-access-token。',
    'The request has no token. Get one with app key and secret, and send it in the header x-acs-dingtalk-access-token.',
  ],
  InvalidAuthentication: [
    'token 不认识、已过期（有效期两小时），或者应用被停用、密钥被更换。换一个新 token 再调用一次；换不到就找管理员。',
    'The token is unknown or has expired (it lasts two hours), or its app was disabled or given a new secret. Get a new token and call once more; if there is none to be had, ask your administrator.',
  ],
  'Forbidden.AccessDenied.IpNotInWhiteList': [
    '应用只允许从指定的 IP 地址调用，而这次的地址不在其中。地址写在错误信息的末尾；请让管理员把它加进去。',
    'The app may only call from certain addresses, and yours, which the message ends with, is none of them. Ask your administrator to add it.',
  ],
  'Forbidden.AccessDenied.AccessTokenPermissionDenied': [
    '应用没有这个调用需要的权限。accessdenieddetail.requiredScopes 写着缺哪一个；管理员可以用 reportdata app grant 授予。',
    'The app lacks the scope that the call needs; accessdenieddetail.requiredScopes names it. An administrator grants it with reportdata app grant.',
  ],
  'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi': [
    '这一秒里调用这个接口的次数用完了。等一秒再调用；经常遇到就放慢循环，或请管理员提高这个应用的限额。',
    'The calls of this second are used up for this API. Wait a second and call again; if it happens often, slow your loop down or ask your administrator for a higher rate.',
  ],
  IdempotentParameterMismatch: [
    '同一个幂等标识（client token 或 idempotency-key）一天之内被用在了两个不同的请求上。每个新请求换一个标识，只有重试才用原来的。',
    'One client token, or idempotency key, was used for two different requests within a day. Make a new one for each request, and keep it only for repeating that request.',
  ],
  'orgId.is.null': [
    '应用不属于任何企业，所以不知道该给谁的数字。请管理员新建一个带 --corp 的应用。',
    'The app belongs to no organisation, so there is nobody whose numbers could be given. Ask your administrator for an app with --corp.',
  ],
  'serviceId.is.null': [
    '兼容接口里这个路径没有登记服务编号。这里的服务都有编号，正常安装遇不到；遇到请看服务的定义文件。',
    'The path has no service id in the contract. Services here always have one, so a sound installation never says this; if yours does, look at the definition of the service.',
  ],
  'service.meta.isNull': [
    '兼容接口里这个服务没有任何指标。这里的服务都有指标，正常安装遇不到；遇到请看服务的定义文件。',
    'The service has no numbers defined. Services here always have some, so a sound installation never says this; if yours does, look at the definition of the service.',
  ],
  'statDate.is.null': [
    '没有给 statDate，或者给了空值。请写上要查哪一天，例如 20260921。',
    'statDate is absent or empty. Say which day is asked for, like 20260921.',
  ],
  'statDate.format.iserror': [
    'statDate 不是真实存在的日期，或写法不对。只接受八位数字 yyyyMMdd，不带横线。',
    'statDate is no real day, or is written otherwise. Eight digits, yyyyMMdd, without hyphens, are taken.',
  ],
  systemError: [
    '服务器自己的数据库读不了：被锁住、损坏或连不上。稍后再试；还不行，请把 requestid 交给管理员，日志里按它记着原因。',
    'The server cannot read its own store: it is locked, damaged or out of reach. Try again later; if it goes on, give the requestid to your administrator, as the log has the cause under it.',
  ],
  DataDamaged: [
    '算这个回答要用的数据文件损坏或不见了；错误信息写着是哪些日期的。请管理员用 reportdata repair 查看并取回；用不到它们的问题照常回答。',
    'Files that the answer needs are damaged or gone; the message names the days of their facts. Your administrator sees and brings them back with reportdata repair; questions that do not need them are answered.',
  ],
  unknownError: [
    '服务器遇到了没有预料到的问题。请把 requestid 交给管理员，日志里按它记着经过。',
    'Something happened that the server did not foresee. Give the requestid to your administrator: the log has the details under it.',
  ],
  'param.illegal': [
    '有一个参数不合法：日期不是真实的 yyyyMMdd，或者 nextToken、maxResults 没给、不是数字、超出范围。',
    'A parameter is not valid: the day is no real yyyyMMdd, or nextToken or maxResults is absent, no number, or out of range.',
  ],
  'param.null': ['路径里的日期是空的。请写上要查哪一天。', 'The day in the path is blank. Say which day is asked for.'],
  'system.busy': [
    '服务器读不到或算不出这些数字。稍后再试；还不行，请把 requestid 交给管理员。',
    'The server could not read or count the numbers. Try again later; if it goes on, give the requestid to your administrator.',
  ],
  invalidClientIdOrSecret: [
    'AppKey 或 AppSecret 不对。核对有没有多复制空格；连续试错会被要求等待，秒数在响应头 retry-after 里。',
    'The app key or the secret is wrong. Look for a blank that was copied along. After several wrong tries you must wait; the header retry-after says how many seconds.',
  ],
  40096: ['appkey 或 appsecret 不对。这个老接口总是返回 200，要看 errcode。', 'appkey or appsecret is wrong. This older call always answers 200; errcode tells.'],
  40089: ['corpid 或 corpsecret 不对。这个老接口总是返回 200，要看 errcode。', 'corpid or corpsecret is wrong. This older call always answers 200; errcode tells.'],
  40035: ['没有给成对的 appkey 和 appsecret（或 corpid 和 corpsecret）。', 'appkey and appsecret, or corpid and corpsecret, were not both given.'],
  Missingbody: ['请求没有正文，或者正文是表单。请发送 JSON。', 'The request has no body, or a form as one. Send JSON.'],
  Invalidbody: ['正文不是能读的 JSON。请检查引号、逗号和括号。', 'The body is not JSON that can be read. Check quotes, commas and brackets.'],
  MissingappKey: ['正文里没有 appKey，或它是空的。', 'appKey is absent from the body, or empty.'],
  MissingappSecret: ['正文里没有 appSecret，或它是空的。', 'appSecret is absent from the body, or empty.'],
  Missinglink: ['正文里的 link 是空的。请给出查看链接 #link= 后面的全部内容。', 'link is empty in the body. Give all that stands after #link= in the view link.'],
  InvalidParameter: [
    '有一个参数不认识或不能这样写；错误信息说明是哪一个、可以怎么写。',
    'A parameter is not known or cannot be had like this; the message says which, and what there is.',
  ],
  'AuthenticationFailed.NotSignedIn': [
    '请求没有表明是谁：没有 token，没有 Basic 密钥，也没有登录的 cookie。',
    'The request does not show who sends it: no token, no Basic key and secret, no cookie of a session.',
  ],
  'AuthenticationFailed.WrongSecret': [
    '应用的 key 或 secret 不对。连续试错会被要求等待，秒数在响应头 retry-after 里。',
    'The app key or the secret is wrong. After several wrong tries you must wait; the header retry-after says how many seconds.',
  ],
  'AuthenticationFailed.SessionEnded': [
    '浏览器的登录已过期，或已退出。请回到看板重新登录。',
    'The session of the browser has expired or was ended. Sign in again on the dashboard.',
  ],
  'AuthenticationFailed.LinkRevoked': ['查看链接已被撤销。请向给你链接的人要一个新的。', 'The view link was revoked. Ask whoever gave it to you for another one.'],
  'AuthenticationFailed.LinkEnded': ['查看链接已经到期。请向给你链接的人要一个新的。', 'The view link has ended. Ask whoever gave it to you for another one.'],
  'AuthenticationFailed.AppDisabled': ['登录所用的应用被管理员停用了。', 'The app of the session was disabled by an administrator.'],
  'AuthenticationFailed.WrongLink': ['没有这个查看链接。请检查地址是否复制完整。', 'There is no such view link. See that its address was copied whole.'],
  'Forbidden.CrossSite': [
    '请求是别的网站的页面借用登录 cookie 发来的，所以被拒绝。程序请用 token，不要用 cookie。',
    'A page of another site sent the request with this site’s cookie, so it is refused. Programs send a token, not the cookie.',
  ],
  'Forbidden.AccessDenied.SomeDepartments': [
    '查看链接只能看部分部门，而这个调用说的是整个企业。',
    'The view link shows some departments, and this call tells of the whole organisation.',
  ],
  'ServiceUnavailable.TooManyQuestions': [
    '等待计算的问题太多了。按响应头 retry-after 的秒数等一等再问。',
    'Too many questions wait to be computed. Ask again after the seconds that the header retry-after names.',
  ],
  'ServiceUnavailable.QuestionTooLong': [
    '这个问题算了太久，被停了下来。请缩短时间范围，或减少分组。',
    'The question took too long and was stopped. Ask for a shorter range or fewer groups.',
  ],
  ServiceUnavailable: [
    '服务器现在不能回答：连接太多、正在停止，或数据文件夹不在原处。错误信息说明是哪一种；稍后再试。',
    'The server cannot answer now: it has too many connections, is stopping, or its data folder is not where it was. The message says which; try again later.',
  ],
  InvalidRequest: ['收到的不是合法的 HTTP 请求。一般是代理或自己写的客户端出了错。', 'What came is not valid HTTP: usually the fault of a proxy or of a client made by hand.'],
  'InvalidRequest.TooSlow': ['请求在规定时间内没有发完。请检查网络；分块上传时不要停太久。', 'The request did not come whole in its time. Check the network, and do not pause while sending.'],
  'InvalidRequest.UrlTooLong': ['地址太长了。请减少参数，或分几次查询。', 'The address is too long. Send fewer parameters, or ask in several calls.'],
  'InvalidRequest.HeadersTooLarge': ['请求头太多或太大。常见原因是这个域名下积了很多 cookie。', 'There are too many or too large headers, often because of many cookies of the same host.'],
  'InvalidRequest.BodyTooLarge': ['正文太大了。请分几次发送。', 'The body is too large. Send it in parts.'],
  'InvalidRequest.TooManyRecords': ['一次推送的记录太多了。请分几批发送。', 'There are too many records in one push. Send them in parts.'],
  'Import.UnknownUpload': [
    '没有这次上传：它已经结束或过期，或者在另一个节点上。请重新发送文件。',
    'There is no such upload: it has ended, or lies on another node. Send the files again.',
  ],
  'Import.Unknown': ['企业没有这次导入。请从导入列表里取编号。', 'The organisation has no such import. Take the id from the list of imports.'],
  'Import.Running': ['文件正在导入，先等它结束。', 'The files are being imported. Wait until that has ended.'],
  'Import.TooManyFiles': ['一次上传的文件太多了。请打包成 .zip。', 'The upload has too many files. Pack them into a .zip.'],
  'Import.TooLarge': ['文件太大了。大文件请在服务器上用 reportdata import 导入。', 'The files are too large for this way. Import them on the server with reportdata import.'],
  'ServiceUnavailable.TooManyImports': ['正在读取的文件太多了，稍后再试。', 'Too many files are being read. Try again later.'],
  'ServiceUnavailable.NoRoom': ['服务器上放不下这个文件，稍后再试，或请管理员清理磁盘。', 'The server has no room for the file. Try again later, or ask your administrator to make some.'],
  '400 InvalidRequest.ContentEncoding': ['请求头说正文是 gzip，但正文解不开。', 'The header says that the body is gzip, and it cannot be unpacked.'],
  '415 InvalidRequest.ContentEncoding': ['正文的压缩方式不支持；只认 gzip，或者不压缩。', 'The body is packed in a way that is not known; gzip is, and none.'],
};

/** What is answered when all is well and nothing is known. @type {readonly [string, string]} */
export const UNCOVERED = [
  '这一天没有采集过，数字未知，所以回答里没有它们（dataList 里没有这一行）。这不是错误，也不是 0；响应头 x-reportdata-state 写着 missing。',
  'The day was never collected, so its numbers are not known, and the answer has none (no row in dataList). That is no error and not zero; the header x-reportdata-state says missing.',
];

/** @param {number} status @param {string} code @returns {readonly [string, string] | null} */
export const reason = (status, code) => REASONS[`${status} ${code}`] ?? REASONS[code] ?? null;
